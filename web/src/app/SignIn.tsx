import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { type Problem, post } from "../data/http";
import { useSession } from "../data/session";
import type { Session } from "../data/types";
import { useLanguage } from "../i18n";

export function SignIn() {
  const { t, lang, setLang } = useLanguage();
  const { signIn } = useSession();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const submit = async (given: { name: string; password: string }) => {
    setBusy(true);
    try {
      signIn(await post<Session>("/api/session", given));
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="signin">
      <div className="box">
        <h1>{t("app.name")}</h1>
        <p className="quiet" style={{ marginTop: 0, marginBottom: 24 }}>
          {t("app.subtitle")}
        </p>
        {problem && (
          <Alert
            type="error"
            showIcon
            style={{ marginBottom: 16 }}
            title={problem.title || t("state.network")}
            description={problem.todo || undefined}
          />
        )}
        <Form layout="vertical" onFinish={submit} requiredMark={false}>
          <Form.Item
            name="name"
            label={t("signin.name")}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Input autoFocus autoComplete="username" size="large" />
          </Form.Item>
          <Form.Item
            name="password"
            label={t("signin.password")}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Input.Password autoComplete="current-password" size="large" />
          </Form.Item>
          <Button type="primary" htmlType="submit" size="large" block loading={busy}>
            {t("signin.enter")}
          </Button>
        </Form>
        <div style={{ marginTop: 16, textAlign: "center" }}>
          <Button type="link" onClick={() => setLang(lang === "en" ? "zh-CN" : "en")}>
            {t("language.other")}
          </Button>
        </div>
      </div>
    </main>
  );
}
