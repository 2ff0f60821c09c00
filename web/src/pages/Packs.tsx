import { Alert, Button, Form, Input, Modal, Table, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { get, type Problem, put } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { figure } from "../parts/duration";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";

interface Summary {
  name: string;
  title: string;
  version: string;
  builtin: boolean;
  state: string;
  errors: string[];
  widens: string[];
  changed_at: string | null;
}

interface PackInput {
  name: string;
  title?: string;
  type: string;
  unit?: string;
  fields?: { name: string; title: string; unit: string }[];
  default?: unknown;
  value: unknown;
}

function inputText(one: PackInput): string {
  const value = one.value ?? one.default;
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return String(value.length);
  return typeof value === "object" ? JSON.stringify(value) : `${value} ${one.unit ?? ""}`;
}

interface Detail extends Summary {
  summary?: string;
  permissions?: string[];
  inputs?: PackInput[];
  rules?: string[];
  case_classes?: string[];
  shares?: { name: string; title: string; share: string; label: string; basis: string }[];
  explanation?: string;
}

interface Parameter {
  name: string;
  value: unknown;
  unit?: string;
  source?: string;
  least: number | null;
  most: number | null;
}

const STATE: Record<string, string> = { running: "success", off: "default", bad: "error" };

function Tune({ pack, one, onDone }: { pack: string; one: Parameter; onDone: () => void }) {
  const { t } = useLanguage();
  const { layout } = useSession();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ value?: string; why: string }>();
  const { send, busy, problem } = useSend(async (given: { value?: string; why: string }) => {
    const text = given.value?.trim();
    const value = !text ? null : Number.isNaN(Number(text)) ? text : Number(text);
    await put(`/api/rules/${pack}/parameters/${one.name}`, { value, why: given.why });
    setOpen(false);
    onDone();
  });
  return (
    <>
      <Button type="link" size="small" onClick={() => setOpen(true)}>
        {t("form.edit")}
      </Button>
      <Modal
        open={open}
        title={layout.parameters[`${pack}/${one.name}`] ?? one.name}
        onCancel={() => setOpen(false)}
        onOk={() => form.submit()}
        confirmLoading={busy}
        okText={t("form.save")}
        destroyOnHidden
      >
        {problem && <ProblemBox problem={problem} />}
        <Form form={form} layout="vertical" onFinish={send}>
          <Form.Item
            name="value"
            label={`${t("pack.new_value")} (${one.least ?? ""} … ${one.most ?? ""} ${one.unit ?? ""})`}
            extra={t("pack.empty_value")}
          >
            <Input />
          </Form.Item>
          <Form.Item
            name="why"
            label={t("step.reason")}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Input />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

function RuleCard({ pack, rule }: { pack: string; rule: string }) {
  const { t, lang } = useLanguage();
  const { layout, may } = useSession();
  const [found, setFound] = useState<{
    text?: string;
    when?: string;
    explain?: string;
    parameters?: Parameter[];
  }>();
  const [problem, setProblem] = useState<Problem>();
  const open = () =>
    get<typeof found>(`/api/rules/${pack}/${rule}`).then(setFound, (error) =>
      setProblem(error as Problem),
    );
  return (
    <li style={{ padding: "8px 0" }}>
      <div className="line">
        <b>{layout.rules[`${pack}/${rule}`] ?? rule}</b>
        {!found && (
          <Button type="link" size="small" onClick={open}>
            {t("pack.show_rule")}
          </Button>
        )}
      </div>
      {problem && <ProblemBox problem={problem} />}
      {found && (
        <>
          <pre className="raw">{found.text ?? found.when}</pre>
          <table className="obs">
            <tbody>
              {(found.parameters ?? []).map((one, row) => (
                <tr key={row}>
                  <td>
                    {layout.parameters[`${pack}/${one.name}`] ?? one.name}
                    <div className="quiet">{one.source}</div>
                  </td>
                  <td>
                    <b>
                      {typeof one.value === "number"
                        ? figure(one.value, lang)
                        : typeof one.value === "object"
                          ? "…"
                          : String(one.value)}
                    </b>{" "}
                    {one.unit === "1" ? "" : one.unit}
                  </td>
                  <td>
                    {may("rules.tune") && (one.least !== null || one.most !== null) && (
                      <Tune pack={pack} one={one} onDone={open} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </li>
  );
}

function PackPage({ name }: { name: string }) {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Detail>(`/api/packs/${name}`);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  return (
    <>
      <div className="block case-head">
        <h2>{data.title}</h2>
        <Tag color={STATE[data.state]}>{t(`pack.${data.state}` as Key)}</Tag>
        <span className="quiet">
          {data.name} {data.version}
        </span>
        <span style={{ flex: 1 }} />
        <Link to="/packs">{t("pack.back")}</Link>
      </div>
      {data.errors.map((one) => (
        <Alert
          key={one}
          type="error"
          style={{ marginBottom: 12, whiteSpace: "pre-wrap" }}
          title={one}
        />
      ))}
      {data.widens.map((one) => (
        <Alert key={one} type="warning" style={{ marginBottom: 12 }} title={one} />
      ))}
      {data.summary && <div className="block">{data.summary}</div>}
      {data.inputs && data.inputs.length > 0 && (
        <section className="block">
          <h3>{t("pack.inputs")}</h3>
          <table className="obs">
            <tbody>
              {data.inputs.map((one) => (
                <tr key={one.name}>
                  <td>{one.title || one.name}</td>
                  <td className="quiet">
                    {(one.fields ?? [])
                      .map(
                        (field) =>
                          `${field.title || field.name}${field.unit ? ` (${field.unit})` : ""}`,
                      )
                      .join("、")}
                  </td>
                  <td>{inputText(one)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {data.rules && (
        <section className="block">
          <h3>{t("pack.rules")}</h3>
          <ul className="feed">
            {data.rules.map((rule) => (
              <RuleCard key={rule} pack={name} rule={rule} />
            ))}
          </ul>
        </section>
      )}
      {data.shares && data.shares.length > 0 && (
        <section className="block">
          <h3>{t("pack.shares")}</h3>
          <table className="obs">
            <tbody>
              {data.shares.map((one) => (
                <tr key={one.name}>
                  <td>{one.title || one.name}</td>
                  <td>{one.label}</td>
                  <td className="quiet">{one.basis}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {data.explanation && (
        <section className="block">
          <h3>{t("pack.explain")}</h3>
          <pre className="raw" style={{ fontFamily: "inherit", fontSize: 13.5 }}>
            {data.explanation}
          </pre>
        </section>
      )}
    </>
  );
}

export default function Packs() {
  const { t } = useLanguage();
  const { name } = useParams();
  const navigate = useNavigate();
  const { data, problem, loading, reload } = useGet<Page<Summary>>(name ? null : "/api/packs");
  if (name)
    return (
      <div className="page" style={{ maxWidth: 1040 }}>
        <PackPage key={name} name={name} />
      </div>
    );
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.packs")}</h2>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <div className="table-scroll">
        <Table<Summary>
          rowKey="name"
          size="middle"
          pagination={false}
          dataSource={data?.items}
          locale={{ emptyText: loading ? <Busy /> : <Nothing /> }}
          onRow={(one) => ({
            className: "row-link",
            onClick: () => navigate(`/packs/${one.name}`),
          })}
          columns={[
            {
              title: t("pack.name"),
              render: (_, one) => (
                <>
                  <Link to={`/packs/${one.name}`}>{one.title}</Link>
                  <div className="quiet" style={{ fontSize: 12 }}>
                    {one.name}
                  </div>
                </>
              ),
            },
            { title: t("pack.version"), dataIndex: "version", width: 110 },
            {
              title: t("case.state"),
              width: 120,
              render: (_, one) => (
                <Tag color={STATE[one.state]}>{t(`pack.${one.state}` as Key)}</Tag>
              ),
            },
            {
              title: t("pack.problems"),
              render: (_, one) => one.errors[0] ?? one.widens[0] ?? "–",
            },
            {
              title: t("pack.changed"),
              width: 190,
              render: (_, one) => <When at={one.changed_at} />,
            },
          ]}
        />
      </div>
    </div>
  );
}
