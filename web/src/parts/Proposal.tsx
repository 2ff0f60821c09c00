/** Who closed cases say should have a case: with confidence and words, accepted by one click. */

import { Button, Progress, Tag } from "antd";
import { useState } from "react";
import { get, type Problem, post } from "../data/http";
import type { CaseFull, CaseProposal } from "../data/types";
import { type Key, useLanguage } from "../i18n";
import { Refuse } from "../learning/Refuse";
import { because, percent } from "../learning/reasons";
import { ProblemBox } from "./states";
import { When } from "./time";

export function Proposal({
  found,
  onDone,
}: {
  found: CaseFull;
  onDone: (next: CaseFull) => void;
}) {
  const { t } = useLanguage();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const made: CaseProposal | null = found.proposal;
  if (!made) return null;
  const may = found.steps.some((one) => one.step === "dispatch" && one.allowed);
  const act = async (work: () => Promise<CaseFull>) => {
    setBusy(true);
    setProblem(null);
    try {
      onDone(await work());
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const send = (organisation: number) =>
    act(() =>
      post<CaseFull>(`/api/cases/${found.no}/dispatch`, {
        to: { organisation },
        version: found.version,
      }),
    );
  const refuse = (reason: string) =>
    act(async () => {
      await post(`/api/cases/${found.no}/proposals/dispatch/refuse`, { reason });
      return await get<CaseFull>(`/api/cases/${found.no}`);
    });
  return (
    <section className="block" aria-labelledby="proposal" data-testid="proposal">
      <h3 id="proposal">
        {t("learning.title")} <Tag>{t(`learning.${made.outcome}` as Key)}</Tag>
        {made.sent && <Tag color="blue">{t("learning.sent")}</Tag>}
      </h3>
      <ul className="feed">
        {made.candidates.map((one) => (
          <li
            key={one.organisation}
            style={{ display: "flex", gap: 12, alignItems: "center", padding: "6px 0" }}
          >
            <span style={{ flex: 1 }}>{one.name}</span>
            <Progress
              percent={Math.round(one.confidence * 100)}
              format={() => percent(one.confidence)}
              size="small"
              status="normal"
              style={{ width: 160 }}
              aria-label={`${one.name} ${percent(one.confidence)}`}
            />
            {may && made.outcome === "waiting" && (
              <Button
                size="small"
                type={one.organisation === made.organisation ? "primary" : "default"}
                loading={busy}
                onClick={() => send(one.organisation)}
              >
                {t("learning.accept")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {may && made.outcome === "waiting" && (
        <Refuse
          busy={busy}
          label={t("learning.refuse")}
          about={t("learning.refuse_about")}
          run={refuse}
        />
      )}
      {problem && <ProblemBox problem={problem} />}
      <p className="quiet">
        {because(t, made.reasons)}{" "}
        {t("learning.version", { version: made.version })} · <When at={made.at} />
      </p>
    </section>
  );
}
