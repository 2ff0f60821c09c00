/** Where a resource comes from and where it goes: a graph, and the same as a table. */

import { Table } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { type Edge, LineageGraph, type Node } from "./LineageGraph";

interface Graph {
  nodes: Node[];
  edges: Edge[];
}

export function Lineage({ id }: { id: number }) {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Graph>(`/api/sharing/resources/${id}/lineage`);
  const nodes = useMemo(() => new Map(data?.nodes.map((one) => [one.key, one])), [data]);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  if (!data.edges.length) return <Nothing>{t("catalogue.no_lineage")}</Nothing>;
  const shown = (key: string) => {
    const one = nodes.get(key);
    if (!one) return key;
    if (one.resource) return <Link to={`/catalogue/entry/${one.resource}`}>{one.title}</Link>;
    return (
      <>
        {one.name} <span className="quiet">{one.namespace}</span>
      </>
    );
  };
  return (
    <>
    <LineageGraph start={data.nodes[0]!.key} nodes={data.nodes} edges={data.edges} />
    <Table<Edge>
      rowKey={(one) => `${one.from}>${one.to}>${one.job}`}
      size="small"
      dataSource={data.edges}
      pagination={data.edges.length > 20 ? { pageSize: 20 } : false}
      columns={[
        { title: t("catalogue.from"), render: (_, one) => shown(one.from) },
        { title: t("catalogue.to"), render: (_, one) => shown(one.to) },
        { title: t("catalogue.job"), dataIndex: "job" },
        {
          title: t("catalogue.column"),
          render: (_, one) =>
            Object.entries(one.columns)
              .map(([column, from]) => `${from.join(", ")} → ${column}`)
              .join("; "),
        },
        { title: t("catalogue.last_at"), width: 150, render: (_, one) => <When at={one.last_at} /> },
      ]}
    />
    </>
  );
}
