/** The panels that packs declare, a foldable group for each pack. */

import { DownOutlined, RightOutlined } from "@ant-design/icons";
import { type ReactNode, useState } from "react";
import { SEVERITY_COLOUR, useMode } from "../app/theme";
import { useSession } from "../data/session";
import { type Finding, type MapLayer, type MapPanel, SEVERITIES } from "../data/types";
import { useLanguage } from "../i18n";
import { CasesPanel, FindingsPanel } from "./CasePanels";
import { GuidancePanel } from "./GuidancePanel";
import { HealthPanel } from "./HealthPanel";
import type { FindingsByNumber } from "./openFindings";
import { type GoTo, Ranking } from "./Ranking";
import { ChartPanel, NumberPanel } from "./ValuePanels";

const OPEN = "yiwang.panels.open";

export interface PanelProps {
  panel: MapPanel;
  layers: MapLayer[];
  findings: FindingsByNumber | undefined;
  onChoose: GoTo;
}

const DRAWN: Record<string, (props: PanelProps) => ReactNode> = {
  number: NumberPanel,
  ranking: Ranking,
  findings: FindingsPanel,
  cases: CasesPanel,
  chart: ChartPanel,
  guidance: GuidancePanel,
  health: HealthPanel,
};

function keptOpen(first: string | undefined): string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(OPEN) ?? "null") as string[] | null;
    if (kept) return kept;
  } catch {
    // What was kept cannot be read: begin anew.
  }
  return first ? [first] : [];
}

function Open({ findings }: { findings: Finding[] }) {
  const { t } = useLanguage();
  const mode = useMode();
  if (!findings.length) return null;
  const worst = SEVERITIES.find((level) => findings.some((one) => one.severity === level))!;
  return (
    <span className="pack-open" title={t("panel.open", { count: findings.length })}>
      <i style={{ background: SEVERITY_COLOUR[mode][worst] }} />
      {findings.length}
    </span>
  );
}

export function Panels({
  findings,
  onChoose,
}: {
  findings: FindingsByNumber | undefined;
  onChoose: GoTo;
}) {
  const { layout } = useSession();
  const panels = layout.panels.filter((panel) => panel.type in DRAWN);
  const packs = [...new Set(panels.map((panel) => panel.pack))];
  const [open, setOpen] = useState(() => keptOpen(packs[0]));
  const toggle = (pack: string) => {
    const next = open.includes(pack) ? open.filter((one) => one !== pack) : [...open, pack];
    setOpen(next);
    localStorage.setItem(OPEN, JSON.stringify(next));
  };
  const all = [...(findings?.values() ?? [])];
  return packs.map((pack) => {
    const shown = open.includes(pack);
    return (
      <div className="pack-panels" key={pack} data-testid={`panels-${pack}`}>
        <button type="button" aria-expanded={shown} onClick={() => toggle(pack)}>
          {shown ? <DownOutlined /> : <RightOutlined />}
          <span className="name">{layout.packs[pack] ?? pack}</span>
          <Open findings={all.filter((one) => one.pack === pack)} />
        </button>
        {shown &&
          panels
            .filter((panel) => panel.pack === pack)
            .map((panel) => {
              const Drawn = DRAWN[panel.type]!;
              return (
                <section key={panel.id} aria-label={panel.title} data-testid={`panel-${panel.id}`}>
                  <h3>{panel.title}</h3>
                  <Drawn
                    panel={panel}
                    layers={layout.layers}
                    findings={findings}
                    onChoose={onChoose}
                  />
                </section>
              );
            })}
      </div>
    );
  });
}
