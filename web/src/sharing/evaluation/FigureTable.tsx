/** Departments with the figures of one part; a figure opens the rows that it counts. */

import { Button, Segmented, Table, Tooltip } from "antd";
import { useState } from "react";
import { useSession } from "../../data/session";
import { useLanguage } from "../../i18n";
import { Nothing } from "../../parts/states";
import { type Asked, type Definitions, type Evaluated, type Figures, figure, shown } from "./types";

interface Line extends Figures {
  key: string | number;
  name: string;
  of: number | null;
}

export function FigureTable({
  told,
  found,
  onOpen,
}: {
  told: Definitions;
  found: Evaluated;
  onOpen: (asked: Asked) => void;
}) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const all = may("sharing.review") || may("sharing.audit");
  const [part, setPart] = useState(told.parts[0]!.part);
  const chosen = told.parts.find((one) => one.part === part) ?? told.parts[0]!;
  const lines: Line[] = found.items.map((one) => ({ ...one, name: one.title[lang]!, of: one.key }));
  const whole: Line[] = [];
  if (found.city) whole.push({ ...found.city, key: "city", name: t("evals.city"), of: 0 });
  if (found.before)
    whole.push({ ...found.before, key: "before", name: t("evals.before"), of: null });
  const cell = (line: Line, name: string, sort: string) => {
    const value = figure(line, name);
    const text = shown(sort, value, lang);
    const nothing = value === null || value === undefined || (value === 0 && sort !== "rate");
    if (nothing || line.of === null || (line.of === 0 && !all)) return text;
    const asked = { figure: name, key: line.of, title: line.name };
    return (
      <Button
        type="link"
        size="small"
        style={{ padding: 0 }}
        onClick={() => onOpen({ ...asked, from: found.from, until: found.until })}
      >
        {text}
      </Button>
    );
  };
  return (
    <div data-testid="evaluation-figures">
      <div className="filters">
        <Segmented
          value={part}
          onChange={setPart}
          options={told.parts.map((one) => ({ value: one.part, label: one.title }))}
        />
      </div>
      <div className="table-scroll">
        <Table<Line>
          rowKey="key"
          size="small"
          scroll={{ x: 190 + 112 * chosen.figures.length }}
          pagination={lines.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
          dataSource={[...whole, ...lines]}
          locale={{ emptyText: <Nothing>{t("evals.nothing")}</Nothing> }}
          columns={[
            {
              title: t("evals.department"),
              fixed: "left",
              width: 190,
              render: (_, line) => (line.of ? line.name : <b>{line.name}</b>),
            },
            ...chosen.figures.map((name) => {
              const one = told.items.find((each) => each.figure === name)!;
              return {
                title: (
                  <Tooltip title={one.how}>
                    <span>{one.title}</span>
                  </Tooltip>
                ),
                align: "right" as const,
                width: 112,
                sorter: (left: Line, right: Line) =>
                  left.of && right.of
                    ? (figure(left, name) ?? -1) - (figure(right, name) ?? -1)
                    : 0,
                render: (_: unknown, line: Line) => cell(line, name, one.sort),
              };
            }),
          ]}
        />
      </div>
    </div>
  );
}
