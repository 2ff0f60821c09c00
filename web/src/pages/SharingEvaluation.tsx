/** How departments share data: figures of any days, points, issued reports. */

import { Tabs } from "antd";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { PeriodChoice, rememberToday, usual } from "../assessment/period";
import { withQuery } from "../data/http";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import { FigureTable } from "../sharing/evaluation/FigureTable";
import { Reports } from "../sharing/evaluation/Reports";
import { RowsDrawer } from "../sharing/evaluation/RowsDrawer";
import { ScoreTable } from "../sharing/evaluation/ScoreTable";
import type { Asked, Definitions, Evaluated } from "../sharing/evaluation/types";

function Live({ told, onOpen }: { told: Definitions; onOpen: (asked: Asked) => void }) {
  const [days, setDays] = useState(() => usual("month"));
  const { data, problem, reload } = useGet<Evaluated>(
    withQuery("/api/sharing/evaluation", { ...days }),
  );
  return (
    <>
      <div className="filters">
        <PeriodChoice value={days} onChange={setDays} />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Busy />}
      {data && (
        <>
          {data.scores.map((one) => (
            <ScoreTable key={one.scheme.code} told={told} scored={one} />
          ))}
          <FigureTable told={told} found={data} onOpen={onOpen} />
        </>
      )}
    </>
  );
}

export default function SharingEvaluation() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const given = useParams().tab;
  const [asked, setAsked] = useState<Asked | null>(null);
  const { data: told, problem, reload } = useGet<Definitions>("/api/sharing/evaluation/figures");
  if (problem && !told) return <ProblemBox problem={problem} retry={reload} page />;
  if (!told) return <Busy />;
  rememberToday(told.today);
  const open = given && /^\d{1,15}$/.test(given) ? Number(given) : null;
  const tab = given === "now" ? "now" : "reports";
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.evaluation")}</h2>
      </div>
      <Tabs
        activeKey={tab}
        onChange={(key) => navigate(`/sharing/evaluation/${key}`)}
        destroyOnHidden
        items={[
          {
            key: "reports",
            label: t("evals.tab_reports"),
            children: <Reports told={told} open={open} onOpen={setAsked} />,
          },
          {
            key: "now",
            label: t("evals.tab_now"),
            children: <Live told={told} onOpen={setAsked} />,
          },
        ]}
      />
      <RowsDrawer told={told} asked={asked} onClose={() => setAsked(null)} />
    </div>
  );
}
