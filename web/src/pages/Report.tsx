import { UploadOutlined } from "@ant-design/icons";
import { Button, Form, Input, Result, Select, Upload, type UploadFile } from "antd";
import { lazy, Suspense, useCallback, useState } from "react";
import { Link } from "react-router";
import { get, type Problem, post, upload } from "../data/http";
import { useSession } from "../data/session";
import type { CaseClass, CaseFull, Page, Taken } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { type Answers, answersOf, ClassForm } from "../parts/ClassForm";
import { Before } from "../parts/Duplicates";
import { Dictate } from "../parts/Dictate";
import { Likely } from "../parts/Likely";
import { Busy, ProblemBox } from "../parts/states";

const SpotMap = lazy(() => import("../parts/SpotMap"));

interface Given {
  case_class: string;
  text: string;
  address?: string;
  photos?: UploadFile[];
  answers?: Answers;
}

type Located = Record<string, { name_zh: string; name_en: string } | null>;

export default function Report() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const classes = useGet<Page<CaseClass>>("/api/cases/classes");
  const [at, setAt] = useState<[number, number] | null>(null);
  const [area, setArea] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [words, setWords] = useState("");
  const [made, setMade] = useState<CaseFull>();
  const [form] = Form.useForm<Given>();
  const mapped = may("registry.read_opened");
  const [photoPlace, setPhotoPlace] = useState<[number, number] | null>(null);
  const chosen = Form.useWatch("case_class", form);
  const asked = classes.data?.items.find((one) => one.code === chosen)?.form ?? [];
  const pick = useCallback(
    (next: [number, number]) => {
      setAt(next);
      get<Located>(`/api/registry/locate?lon=${next[0]}&lat=${next[1]}`).then(
        (found) =>
          setArea(
            ["district", "street", "grid"]
              .map((level) => found[level])
              .filter((one) => one !== null && one !== undefined)
              .map((one) => (lang === "en" ? one.name_en || one.name_zh : one.name_zh))
              .join(" · "),
          ),
        () => setArea(""),
      );
    },
    [lang],
  );
  const look = async (file: File) => {
    const { lon, lat } = await upload<Taken>("/api/cases/photos/read", [file]);
    if (lon === null || lat === null) return;
    setPhotoPlace([lon, lat]);
    if (at === null) pick([lon, lat]);
  };
  const hear = (said: string) => {
    const whole = `${form.getFieldValue("text") ?? ""}${said}`.slice(0, 4000);
    form.setFieldValue("text", whole);
    setWords(whole);
  };
  const [shown, setShown] = useState<string[]>([]);
  const submit = async (given: Given) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const found = await post<CaseFull>("/api/cases", {
        case_class: given.case_class,
        text: given.text,
        address: given.address ?? "",
        lon: at?.[0] ?? null,
        lat: at?.[1] ?? null,
        answers: answersOf(asked, given.answers),
        shown,
      });
      const files = (given.photos ?? []).flatMap((one) =>
        one.originFileObj ? [one.originFileObj] : [],
      );
      if (files.length) await upload(`/api/cases/${found.no}/photos`, files);
      setMade(found);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  if (made)
    return (
      <Result
        status="success"
        title={t("report.done", { no: made.no })}
        extra={[
          <Link key="see" to={`/cases/${made.no}`}>
            <Button type="primary">{t("report.see")}</Button>
          </Link>,
          <Button
            key="again"
            onClick={() => {
              setMade(undefined);
              setAt(null);
              setPhotoPlace(null);
              setArea("");
              setWords("");
              form.resetFields();
            }}
          >
            {t("report.again")}
          </Button>,
        ]}
      />
    );
  return (
    <div className="page" style={{ maxWidth: 900 }}>
      <div className="page-head">
        <h2>{t("nav.report")}</h2>
      </div>
      {problem && <ProblemBox problem={problem} />}
      {classes.problem && <ProblemBox problem={classes.problem} retry={classes.reload} />}
      <div className="block">
        <Form form={form} layout="vertical" onFinish={submit}>
          <Form.Item
            name="case_class"
            label={t("report.class")}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Select
              showSearch={{ optionFilterProp: "label" }}
              loading={classes.loading}
              options={(classes.data?.items ?? []).map((one) => ({
                value: one.code,
                label: one.title,
              }))}
            />
          </Form.Item>
          <Form.Item
            name="text"
            label={t("report.text")}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Input.TextArea
              rows={4}
              maxLength={4000}
              showCount
              onBlur={(event) => setWords(event.target.value)}
            />
          </Form.Item>
          <div style={{ marginBottom: 16 }}>
            <Dictate onText={hear} />
          </div>
          <Likely
            text={words}
            at={at}
            chosen={chosen}
            onPick={(code) => form.setFieldValue("case_class", code)}
            onShown={setShown}
          />
          <ClassForm form={asked} key={chosen} />
          <Form.Item
            label={t("report.where")}
            extra={
              <>
                {area || t("report.where_help")}
                {photoPlace && (
                  <div data-testid="photo-place">
                    {at?.[0] === photoPlace[0] && at[1] === photoPlace[1] ? (
                      t("report.place_of_photo")
                    ) : (
                      <Button
                        type="link"
                        style={{ padding: 0 }}
                        onClick={() => pick(photoPlace)}
                      >
                        {t("report.use_photo_place")}
                      </Button>
                    )}
                  </div>
                )}
              </>
            }
          >
            {mapped && (
              <Suspense fallback={<Busy />}>
                <SpotMap at={at} onPick={pick} label={t("report.where")} height={320} />
              </Suspense>
            )}
          </Form.Item>
          <Before case_class={chosen} text={words} at={at} />
          <Form.Item name="address" label={t("report.address")}>
            <Input maxLength={300} />
          </Form.Item>
          <Form.Item
            name="photos"
            label={t("step.photos")}
            valuePropName="fileList"
            getValueFromEvent={(event: { fileList: UploadFile[] }) => event.fileList}
          >
            <Upload
              accept="image/*"
              multiple
              listType="picture"
              beforeUpload={(file) => {
                look(file).catch(setProblem);
                return false;
              }}
            >
              <Button icon={<UploadOutlined />}>{t("step.choose_photos")}</Button>
            </Upload>
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={busy} size="large">
            {t("report.send")}
          </Button>
        </Form>
      </div>
    </div>
  );
}
