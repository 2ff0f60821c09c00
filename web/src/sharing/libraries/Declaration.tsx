/** The declaration of a library, written as a document; a new one begins with a template. */

import { App, Button, Drawer, Input, Select, Space } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { type Problem, put } from "../../data/http";
import { useSession } from "../../data/session";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import type { LibraryFull } from "./types";

interface Template {
  name: string;
  title: string;
  text: string;
}

export function Declaration({
  library,
  close,
  changed,
}: {
  library?: LibraryFull;
  close: () => void;
  changed: () => void;
}) {
  const { t } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [code, setCode] = useState(library?.code ?? "");
  const [text, setText] = useState(library?.text ?? "");
  const [failed, setFailed] = useState<Problem>();
  const templates = useGet<{ items: Template[] }>(
    library ? null : "/api/sharing/libraries/templates",
  );
  const mine = may("sharing.operate");
  const save = async () => {
    setFailed(undefined);
    try {
      await put(`/api/sharing/libraries/${code.trim()}`, { text });
      void message.success(t(library ? "libraries.saved_anew" : "libraries.saved"));
      changed();
      close();
      if (!library) navigate(`/libraries/${code.trim()}`);
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  return (
    <Drawer
      open
      onClose={close}
      size={860}
      title={library ? `${library.title} · ${t("libraries.declaration")}` : t("libraries.new")}
      extra={
        mine && (
          <Button type="primary" disabled={!code.trim() || !text.trim()} onClick={save}>
            {t("libraries.save")}
          </Button>
        )
      }
    >
      {failed && <ProblemBox problem={failed} />}
      {!library && (
        <Space style={{ marginBottom: 10 }}>
          <Select
            aria-label={t("libraries.template")}
            placeholder={t("libraries.template")}
            style={{ width: 240 }}
            options={templates.data?.items.map((one) => ({ value: one.name, label: one.title }))}
            onChange={(name) => {
              const found = templates.data?.items.find((one) => one.name === name);
              setText(found?.text ?? "");
              setCode((held) => held || name);
            }}
          />
          <Input
            aria-label={t("libraries.code")}
            placeholder={t("libraries.code_hint")}
            style={{ width: 360 }}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </Space>
      )}
      <Input.TextArea
        aria-label={t("libraries.declaration")}
        value={text}
        readOnly={!mine}
        onChange={(event) => setText(event.target.value)}
        autoSize={{ minRows: 24 }}
        spellCheck={false}
        style={{ fontFamily: "ui-monospace, monospace", fontSize: 13 }}
      />
    </Drawer>
  );
}
