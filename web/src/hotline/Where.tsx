/** Right on the desk: the place, the class, and open cases near. */

import { Button, Form, type FormInstance, Input, Select } from "antd";
import { lazy, Suspense } from "react";
import type { CaseClass, CaseSummary } from "../data/types";
import { useLanguage } from "../i18n";
import { type Answers, ClassForm } from "../parts/ClassForm";
import { Busy } from "../parts/states";
import { StateTag } from "../parts/tags";
import type { Suggested } from "./types";

const SpotMap = lazy(() => import("../parts/SpotMap"));

export interface Spot {
  at: [number, number] | null;
  address: string;
  case_class: string;
}

export function WherePanel({
  spot,
  change,
  classes,
  found,
  join,
  form,
}: {
  spot: Spot;
  change: (next: Partial<Spot>) => void;
  classes: CaseClass[];
  found: Suggested | undefined;
  join: (one: CaseSummary) => void;
  form: FormInstance<{ answers?: Answers }>;
}) {
  const { t } = useLanguage();
  const asked = classes.find((one) => one.code === spot.case_class)?.form ?? [];
  return (
    <div className="block">
      <h3>{t("hotline.where")}</h3>
      <Suspense fallback={<Busy />}>
        <SpotMap
          at={spot.at}
          onPick={(at) => change({ at })}
          label={t("hotline.where")}
          height={220}
        />
      </Suspense>
      <Input
        aria-label={t("hotline.address")}
        placeholder={t("hotline.address")}
        value={spot.address}
        onChange={(event) => change({ address: event.target.value })}
        maxLength={300}
        style={{ margin: "10px 0" }}
      />
      {(found?.classes.length ?? 0) > 0 && (
        <div className="desk-buttons" role="group" aria-label={t("hotline.likely")}>
          {found!.classes.slice(0, 3).map((one) => (
            <Button
              key={one.code}
              size="small"
              type={spot.case_class === one.code ? "primary" : "default"}
              onClick={() => change({ case_class: one.code })}
            >
              {one.title}
            </Button>
          ))}
        </div>
      )}
      <Select
        aria-label={t("hotline.class")}
        placeholder={t("hotline.class")}
        value={spot.case_class || undefined}
        onChange={(code: string | undefined) => change({ case_class: code ?? "" })}
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        options={classes.map((one) => ({ value: one.code, label: one.title }))}
        style={{ width: "100%", marginTop: 8 }}
      />
      <Form form={form} layout="vertical" size="small" style={{ marginTop: 8 }}>
        <ClassForm form={asked} key={spot.case_class} />
      </Form>
      {(found?.near.length ?? 0) > 0 && <h4>{t("hotline.near")}</h4>}
      {found?.near.map((one) => (
        <div key={one.no} className="desk-row">
          <span>
            #{one.no} {one.title} <StateTag kind={one.kind} title={one.state_title} />{" "}
            <span className="quiet">{t("hotline.metres", { metres: one.metres })}</span>
          </span>
          <Button size="small" onClick={() => join(one)}>
            {t("hotline.join")}
          </Button>
        </div>
      ))}
    </div>
  );
}
