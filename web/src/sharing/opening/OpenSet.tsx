/** One opened resource: fields, preview, chart, map, files, interface, ratings. */

import { App, Button, Descriptions, Form, Input, Rate, Select, Table, Tag } from "antd";
import { lazy, Suspense, useState } from "react";
import { put, withQuery } from "../../data/http";
import { useSession } from "../../data/session";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { OpenFiles } from "./OpenFiles";
import type { OpenFull, Rows } from "./types";

const RowsChart = lazy(() => import("./RowsChart"));
const RowsMap = lazy(() => import("./RowsMap"));
const SIZE = 20;

/** A value as it was written: floating numbers without the digits that only computers see. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? String(Number(value.toPrecision(12))) : String(value);
}

function Preview({ of }: { of: OpenFull }) {
  const { t } = useLanguage();
  const [page, setPage] = useState(1);
  const path = `/api/open/${of.name}/rows`;
  const found = useGet<Rows>(withQuery(path, { limit: SIZE, skip: (page - 1) * SIZE }));
  if (found.problem) return <ProblemBox problem={found.problem} retry={found.reload} />;
  return (
    <Table
      size="small"
      rowKey={(row) => JSON.stringify(row)}
      loading={found.loading}
      dataSource={found.data?.items ?? []}
      scroll={{ x: true }}
      columns={of.fields.map((field) => ({
        title: field.name,
        key: field.column,
        render: (_, row) => shown(row[field.column]),
      }))}
      pagination={{
        current: page,
        pageSize: SIZE,
        total: found.data?.total ?? 0,
        showSizeChanger: false,
        showTotal: (count) => t("open.rows", { count }),
        onChange: setPage,
      }}
    />
  );
}

function Pictures({ of }: { of: OpenFull }) {
  const { t } = useLanguage();
  const numbers = of.fields.filter((one) => one.type === "N" || one.type === "Y");
  const others = of.fields.filter((one) => !numbers.includes(one));
  const [chosen, choose] = useState(numbers[0]?.column);
  const [by, group] = useState(others[0]?.column);
  const found = useGet<Rows>(chosen ? `/api/open/${of.name}/rows?limit=200` : null);
  const lon = numbers.find((one) => /^(lon|lng|longitude|经度)$/i.test(one.column));
  const lat = numbers.find((one) => /^(lat|latitude|纬度)$/i.test(one.column));
  if (!chosen || !by || !found.data?.items.length) return null;
  const options = (fields: typeof numbers) =>
    fields.map((one) => ({ value: one.column, label: one.name }));
  const name = of.fields.find((one) => one.column === chosen)?.name ?? chosen;
  return (
    <Suspense fallback={<Busy />}>
      <h3>{t("open.chart")}</h3>
      <p>
        {t("open.of")}{" "}
        <Select value={chosen} onChange={choose} options={options(numbers)} style={{ minWidth: 140 }} />{" "}
        {t("open.by")}{" "}
        <Select value={by} onChange={group} options={options(others)} style={{ minWidth: 140 }} />
      </p>
      <RowsChart rows={found.data.items} by={by} of={chosen} label={name} />
      {lon && lat && (
        <>
          <h3>{t("open.map")}</h3>
          <RowsMap rows={found.data.items} lon={lon.column} lat={lat.column} label={t("open.map")} />
        </>
      )}
    </Suspense>
  );
}

function Ratings({ of, onRated }: { of: OpenFull; onRated: () => void }) {
  const { t } = useLanguage();
  const { session } = useSession();
  const { message } = App.useApp();
  const send = async (given: { stars: number; text?: string }) => {
    await put(`/api/open/${of.name}/rating`, { stars: given.stars, text: given.text ?? "" });
    message.success(t("open.rated"));
    onRated();
  };
  return (
    <>
      <h3>{t("open.ratings")}</h3>
      {of.stars !== null && (
        <p>
          <Rate disabled allowHalf value={of.stars} /> {of.stars}
        </p>
      )}
      {of.ratings.map((one) => (
        <p key={one.at}>
          <Rate disabled value={one.stars} /> {one.text} <span className="quiet"><When at={one.at} /></span>
        </p>
      ))}
      {session && (
        <Form layout="inline" onFinish={send}>
          <Form.Item name="stars" label={t("open.rate")} rules={[{ required: true }]}>
            <Rate />
          </Form.Item>
          <Form.Item name="text">
            <Input maxLength={2000} />
          </Form.Item>
          <Button htmlType="submit">{t("open.rate_send")}</Button>
        </Form>
      )}
    </>
  );
}

export function OpenSet({ name }: { name: string }) {
  const { t } = useLanguage();
  const { data: of, problem, reload } = useGet<OpenFull>(`/api/open/${encodeURIComponent(name)}`);
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (!of) return <Busy />;
  const site = window.location.origin;
  return (
    <article>
      <h2>{of.title}</h2>
      <p>{of.summary}</p>
      <Descriptions
        size="small"
        column={2}
        items={[
          { key: "p", label: t("catalogue.organisation"), children: of.organisation_name },
          { key: "c", label: t("catalogue.class_code"), children: of.class_path.join(" / ") },
          {
            key: "u",
            label: t("catalogue.update_cycle"),
            children: t(`catalogue.update_cycle.${of.update_cycle}` as Key),
          },
          { key: "t", label: t("open.updated"), children: <When at={of.changed_at} /> },
          {
            key: "l",
            label: t("open.licence"),
            children: <a href={of.licence_url}>{of.licence_title}</a>,
          },
          {
            key: "n",
            label: t("open.views"),
            children: `${of.uses.views} · ${t("open.downloads")} ${of.uses.downloads} · ${t("open.calls")} ${of.uses.calls}`,
          },
        ]}
      />
      <p>{of.keywords.map((word) => <Tag key={word}>{word}</Tag>)}</p>
      {of.files.length > 0 && (
        <>
          <h3>{t("files.files")}</h3>
          <OpenFiles files={of.files} />
        </>
      )}
      {of.forms.length > 0 && (
        <>
          <h3>{t("open.download")}</h3>
          <p>
            {of.forms.map((form) => (
              <Button key={form} href={`/api/open/${of.name}/download.${form}`} style={{ marginRight: 8 }}>
                {form.toUpperCase()}
              </Button>
            ))}
          </p>
          <h3>{t("open.preview")}</h3>
          <Preview of={of} />
          <Pictures of={of} />
        </>
      )}
      <h3>{t("open.fields")}</h3>
      <Table
        size="small"
        rowKey="column"
        pagination={false}
        dataSource={of.fields}
        columns={[
          { title: t("open.fields"), dataIndex: "name" },
          { title: t("open.column"), dataIndex: "column" },
          { title: t("open.type"), dataIndex: "type" },
          { title: "", dataIndex: "text" },
        ]}
      />
      <h3>{t("open.api")}</h3>
      <p>
        <code>{`GET ${site}/api/open/${of.name}${of.forms.length ? "/rows?limit=100" : ""}`}</code>
      </p>
      <p className="quiet">{t("open.api_hint", { ckan: `${site}/api/3/action` })}</p>
      <Ratings of={of} onRated={reload} />
    </article>
  );
}
