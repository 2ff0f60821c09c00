/** The knowledge base: found, written, published, brought in from a file. */

import { UploadOutlined } from "@ant-design/icons";
import { Alert, Button, Checkbox, Drawer, Form, Input, Select, Table, Tag, Upload } from "antd";
import { useState } from "react";
import { post, type Problem, put, sendText, withQuery } from "../data/http";
import { useSession } from "../data/session";
import type { CaseClass, Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { type Article, words } from "./types";

interface Told {
  read: number;
  added: number;
  changed: number;
  unchanged: number;
  refused: { line: number; what: string }[];
}

type Fields = Partial<
  Pick<
    Article,
    | "question_zh"
    | "answer_zh"
    | "question_en"
    | "answer_en"
    | "classes"
    | "keywords"
    | "valid_from"
    | "valid_until"
    | "review_on"
  >
>;

function Editor({ one, closed }: { one: Article | "new"; closed: (changed: boolean) => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [problem, setProblem] = useState<Problem>();
  const classes = useGet<Page<CaseClass>>("/api/cases/classes");
  const old = one === "new" ? undefined : one;
  const act = (work: Promise<unknown>) =>
    work.then(() => closed(true), (error: Problem) => setProblem(error));
  const save = (given: Fields) => {
    const body = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    );
    void act(
      old ? put(`/api/hotline/articles/${old.id}`, body) : post("/api/hotline/articles", body),
    );
  };
  const texts = ["question_zh", "answer_zh", "question_en", "answer_en"] as const;
  return (
    <Drawer
      open
      size="large"
      title={old ? words(old, "zh-CN").question : t("hotline.new_article")}
      onClose={() => closed(false)}
    >
      {problem && <ProblemBox problem={problem} />}
      <Form<Fields>
        layout="vertical"
        initialValues={old ?? {}}
        onFinish={save}
        disabled={!may("cases.write_articles")}
      >
        {texts.map((name) => (
          <Form.Item key={name} name={name} label={t(`hotline.${name}` as Key)}>
            {name.startsWith("answer") ? (
              <Input.TextArea rows={4} maxLength={20000} />
            ) : (
              <Input maxLength={1000} />
            )}
          </Form.Item>
        ))}
        <Form.Item name="classes" label={t("hotline.class")}>
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: "label" }}
            options={classes.data?.items.map((each) => ({ value: each.code, label: each.title }))}
          />
        </Form.Item>
        <Form.Item name="keywords" label={t("hotline.keywords")}>
          <Select mode="tags" open={false} />
        </Form.Item>
        <Form.Item name="review_on" label={t("hotline.review_on")}>
          <Input placeholder="2027-01-31" maxLength={10} />
        </Form.Item>
        <div className="desk-buttons">
          <Button type="primary" htmlType="submit">
            {t("hotline.save_article")}
          </Button>
          {old && may("cases.publish_articles") && (
            <>
              <Button onClick={() => void act(post(`/api/hotline/articles/${old.id}/publish`))}>
                {t("hotline.publish")}
              </Button>
              <Button
                danger
                onClick={() => void act(post(`/api/hotline/articles/${old.id}/retire`))}
              >
                {t("hotline.retire")}
              </Button>
            </>
          )}
        </div>
      </Form>
    </Drawer>
  );
}

export function Articles() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const [q, setQ] = useState("");
  const [stale, setStale] = useState(false);
  const [shown, setShown] = useState<Article | "new">();
  const [told, setTold] = useState<Told>();
  const [problem, setProblem] = useState<Problem>();
  const list = useGet<Page<Article>>(withQuery("/api/hotline/articles", { q, stale }));
  const bring = async (file: File) => {
    setProblem(undefined);
    const publish = may("cases.publish_articles");
    const path = withQuery("/api/hotline/articles/import", { publish });
    try {
      setTold(JSON.parse(await sendText(path, file)) as Told);
      list.reload();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const failed = problem ?? list.problem;
  return (
    <>
      {failed && <ProblemBox problem={failed} retry={list.reload} />}
      {told && (
        <Alert
          closable
          type={told.refused.length ? "warning" : "success"}
          title={t("hotline.imported", { ...told, refused: told.refused.length })}
          description={told.refused.slice(0, 20).map((one) => (
            <div key={one.line}>
              {t("hotline.line_no", { line: one.line })}: {one.what}
            </div>
          ))}
          style={{ marginBottom: 12 }}
        />
      )}
      <div className="desk-buttons" style={{ marginBottom: 12 }}>
        <Input.Search
          aria-label={t("hotline.search")}
          placeholder={t("hotline.search")}
          onSearch={setQ}
          allowClear
          style={{ width: 320 }}
        />
        {may("cases.write_articles") && (
          <>
            <Checkbox checked={stale} onChange={(event) => setStale(event.target.checked)}>
              {t("hotline.stale")}
            </Checkbox>
            <Button onClick={() => setShown("new")}>{t("hotline.new_article")}</Button>
            <Upload
              accept=".csv,text/csv"
              showUploadList={false}
              beforeUpload={(file) => {
                void bring(file);
                return false;
              }}
            >
              <Button icon={<UploadOutlined />}>{t("hotline.import")}</Button>
            </Upload>
          </>
        )}
      </div>
      <div className="table-scroll">
        <Table<Article>
          rowKey="id"
          size="small"
          pagination={false}
          loading={list.loading}
          dataSource={list.data?.items ?? []}
          columns={[
            {
              title: t("hotline.articles"),
              render: (_, one) => (
                <>
                  <Button type="link" style={{ padding: 0 }} onClick={() => setShown(one)}>
                    {words(one, lang).question}
                  </Button>
                  <div className="quiet desk-answer">{words(one, lang).answer}</div>
                </>
              ),
            },
            { title: t("hotline.unit"), dataIndex: "organisation_name" },
            {
              title: t("hotline.state"),
              render: (_, one) => (
                <>
                  <Tag color={one.state === "published" ? "success" : undefined}>
                    {t(`hotline.state.${one.state}` as Key)}
                  </Tag>
                  {one.published !== null && one.published < one.version && (
                    <Tag color="warning">{t("hotline.pending")}</Tag>
                  )}
                </>
              ),
            },
            {
              title: t("hotline.review_on"),
              dataIndex: "review_on",
              render: (day: string) => <span style={{ whiteSpace: "nowrap" }}>{day}</span>,
            },
            { title: t("hotline.used"), dataIndex: "used", align: "right" },
          ]}
        />
      </div>
      {shown && (
        <Editor
          key={shown === "new" ? "new" : shown.id}
          one={shown}
          closed={(changed) => {
            setShown(undefined);
            if (changed) list.reload();
          }}
        />
      )}
    </>
  );
}
