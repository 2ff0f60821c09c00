import {
  App,
  Button,
  Drawer,
  Form,
  Input,
  InputNumber,
  Popconfirm,
  Select,
  Table,
  Tabs,
} from "antd";
import { useEffect, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { get, Problem, patch, post, remove, withQuery } from "../data/http";
import { useSession } from "../data/session";
import { usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { forgetAreas } from "../map/areas";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { FIELDS, type Field, meant, NOUNS, type Noun, type Row, shown } from "./registryFields";

const DAYS = [0, 1, 2, 3, 4, 5, 6];

function Cell({ field, value }: { field: Field; value: unknown }) {
  const { known, t } = useLanguage();
  if (value === null || value === undefined || value === "") return <>–</>;
  if (field.kind === "choice") return <>{known(`${field.name}.${value}`) ?? String(value)}</>;
  if (field.kind === "days") {
    const days = value as number[];
    return (
      <>
        {days.length === 7
          ? t("registry.every_day")
          : days.map((day) => t(`day.${day}` as Key)).join(" ")}
      </>
    );
  }
  if (field.kind === "words") return <>{(value as string[]).join(", ")}</>;
  if (field.kind === "reference") return <>#{String(value)}</>;
  if (field.kind === "references")
    return <>{(value as number[]).map((one) => `#${one}`).join(", ") || "–"}</>;
  return <>{String(value)}</>;
}

function Input_({ field, ...rest }: { field: Field }) {
  const { known, t } = useLanguage();
  if (field.kind === "number") return <InputNumber style={{ width: "100%" }} {...rest} />;
  if (field.kind === "json") return <Input.TextArea rows={5} spellCheck={false} {...rest} />;
  if (field.kind === "choice")
    return (
      <Select
        allowClear={!field.required}
        options={field.options!.map((one) => ({
          value: one,
          label: known(`${field.name}.${one}`) ?? one,
        }))}
        {...rest}
      />
    );
  if (field.kind === "days")
    return (
      <Select
        mode="multiple"
        options={DAYS.map((day) => ({ value: day, label: t(`day.${day}` as Key) }))}
        {...rest}
      />
    );
  return <Input {...rest} />;
}

function Editor({
  noun,
  row,
  onDone,
}: {
  noun: Noun;
  row: Row | "new";
  onDone: (changed: boolean) => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const fields = FIELDS[noun];
  useEffect(() => {
    if (row === "new") return;
    get<Row>(`/api/registry/${noun}/${row.id}`).then(
      (found) =>
        form.setFieldsValue(
          Object.fromEntries(fields.map((one) => [one.name, shown(one, found[one.name])])),
        ),
      (error) => setProblem(error as Problem),
    );
  }, [row, noun, fields, form]);
  const submit = async (given: Record<string, unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const body = Object.fromEntries(fields.map((one) => [one.name, meant(one, given[one.name])]));
      if (row === "new") await post(`/api/registry/${noun}`, body);
      else await patch(`/api/registry/${noun}/${row.id}`, body);
      if (noun === "areas") forgetAreas();
      void message.success(t("form.saved"));
      onDone(true);
    } catch (error) {
      setProblem(
        error instanceof Problem ? error : new Problem(0, "json", t("registry.bad_json"), ""),
      );
    } finally {
      setBusy(false);
    }
  };
  const drop = async () => {
    if (row === "new") return;
    try {
      await remove(`/api/registry/${noun}/${row.id}`);
      onDone(true);
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <Form form={form} layout="vertical" onFinish={submit}>
      {problem && <ProblemBox problem={problem} />}
      {fields.map((one) => (
        <Form.Item
          key={one.name}
          name={one.name}
          label={t(`field.${one.name}` as Key)}
          extra={
            one.kind === "reference" || one.kind === "references"
              ? t("registry.reference")
              : one.kind === "words"
                ? t("registry.words")
                : undefined
          }
          rules={[{ required: one.required, message: t("form.required") }]}
        >
          <Input_ field={one} />
        </Form.Item>
      ))}
      <div style={{ display: "flex", gap: 10 }}>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("form.save")}
        </Button>
        {row !== "new" && (
          <Popconfirm title={t("registry.remove_sure")} onConfirm={drop}>
            <Button danger>{t("form.remove")}</Button>
          </Popconfirm>
        )}
      </div>
    </Form>
  );
}

function List({ noun }: { noun: Noun }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [q, setQ] = useState("");
  const [open, setOpen] = useState<Row | "new">();
  const list = usePages<Row>(withQuery(`/api/registry/${noun}`, { q }));
  const writes = may("registry.write");
  return (
    <>
      <div className="filters">
        <Input.Search
          allowClear
          style={{ width: 280 }}
          aria-label={t("registry.search")}
          placeholder={t("registry.search")}
          onSearch={setQ}
        />
        {writes && (
          <Button type="primary" onClick={() => setOpen("new")}>
            {t("registry.add")}
          </Button>
        )}
      </div>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <div className="table-scroll">
        <Table<Row>
          rowKey="id"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
          columns={[
            { title: "#", dataIndex: "id", width: 70 },
            ...FIELDS[noun]
              .filter((one) => one.column)
              .map((one) => ({
                title: t(`field.${one.name}` as Key),
                render: (_: unknown, row: Row) => <Cell field={one} value={row[one.name]} />,
              })),
            ...(writes
              ? [
                  {
                    title: "",
                    width: 80,
                    render: (_: unknown, row: Row) => (
                      <Button type="link" size="small" onClick={() => setOpen(row)}>
                        {t("form.edit")}
                      </Button>
                    ),
                  },
                ]
              : []),
          ]}
        />
        <More more={list.more} />
      </div>
      <Drawer
        open={open !== undefined}
        size={520}
        onClose={() => setOpen(undefined)}
        title={t(`registry.${noun}`)}
        destroyOnHidden
      >
        {open && (
          <Editor
            noun={noun}
            row={open}
            onDone={(changed) => {
              setOpen(undefined);
              if (changed) list.reload();
            }}
          />
        )}
      </Drawer>
    </>
  );
}

export default function Registry() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const given = useParams().noun as Noun | undefined;
  const noun = given && NOUNS.includes(given) ? given : "areas";
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.registry")}</h2>
      </div>
      <Tabs
        activeKey={noun}
        onChange={(key) => navigate(`/registry/${key}`)}
        items={NOUNS.map((one) => ({ key: one, label: t(`registry.${one}`) }))}
      />
      <List key={noun} noun={noun} />
    </div>
  );
}
