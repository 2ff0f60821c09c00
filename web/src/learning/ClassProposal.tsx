/** On a case's page: the class that was proposed to whoever reported it, where they chose none of
 * those shown, and what the centre makes of it. */

import { Button, Space, Tag } from "antd";
import { useState } from "react";
import { get, type Problem, post } from "../data/http";
import type { CaseFull } from "../data/types";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { Refuse } from "./Refuse";
import { because, percent } from "./reasons";

export function ClassProposal({
  found,
  onDone,
}: {
  found: CaseFull;
  onDone: (next: CaseFull) => void;
}) {
  const { t } = useLanguage();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const made = found.class_proposal;
  if (!made || made.took !== "other") return null;
  const waits = made.answer === "" && made.chosen === found.case_class;
  const may = waits && found.steps.some((one) => one.step === "change" && one.allowed);
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      onDone(await get<CaseFull>(`/api/cases/${found.no}`));
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const change = () =>
    act(() =>
      post(`/api/cases/${found.no}/change`, {
        to: { case_class: made.first },
        version: found.version,
        reason: t("learning.class_reason", { share: percent(made.confidence) }),
      }),
    );
  return (
    <section className="block" aria-labelledby="class-proposal" data-testid="class-proposal">
      <h3 id="class-proposal">
        {t("learning.class_title")}{" "}
        <Tag>{t(`learning.class_${made.answer || "waiting"}` as Key)}</Tag>
      </h3>
      <p>
        <b>
          {made.first_title} {percent(made.confidence)}
        </b>{" "}
        <span className="quiet">{t("learning.chosen", { title: made.chosen_title })}</span>
      </p>
      {may && (
        <Space wrap>
          <Button size="small" type="primary" loading={busy} onClick={change}>
            {t("learning.change_class")}
          </Button>
          <Refuse
            busy={busy}
            label={t("learning.leave_class")}
            about={t("learning.leave_about")}
            run={(reason) =>
              act(() => post(`/api/cases/${found.no}/proposals/class/refuse`, { reason }))
            }
          />
        </Space>
      )}
      {problem && <ProblemBox problem={problem} />}
      <p className="quiet">
        {because(t, made.reasons)} {t("learning.version", { version: made.version })} ·{" "}
        <When at={made.at} />
      </p>
    </section>
  );
}
