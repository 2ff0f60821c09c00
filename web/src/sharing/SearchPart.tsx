/** The catalogue searched: a box, facets with counts, results that grow page by page. */

import { Alert, Button, Checkbox, Input, Tag } from "antd";
import { useEffect, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { get, type Problem, withQuery } from "../data/http";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import type { Facet, Found, Short } from "./catalogueTypes";
import { ShareTags } from "./ShareTags";

const FACETS = [
  "share_type",
  "class_code",
  "organisation",
  "share_mode",
  "open_type",
  "update_cycle",
] as const;
const SHORT = 8;

function FacetList({
  name,
  values,
  chosen,
  onChange,
}: {
  name: (typeof FACETS)[number];
  values: Facet[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
}) {
  const { t } = useLanguage();
  const [all, showAll] = useState(false);
  if (!values.length) return null;
  const shown = all ? values : values.filter((one, place) => place < SHORT || chosen.includes(one.value));
  return (
    <fieldset className="facet">
      <legend>{t(`catalogue.${name}`)}</legend>
      {shown.map((one) => (
        <Checkbox
          key={one.value}
          checked={chosen.includes(one.value)}
          onChange={(event) =>
            onChange(
              event.target.checked
                ? [...chosen, one.value]
                : chosen.filter((value) => value !== one.value),
            )
          }
        >
          <span className={name === "class_code" && one.value.length > 1 ? "below" : undefined}>
            {one.title}
          </span>{" "}
          <span className="quiet">{one.count}</span>
        </Checkbox>
      ))}
      {shown.length < values.length && (
        <Button type="link" size="small" onClick={() => showAll(true)}>
          {t("list.more")}
        </Button>
      )}
    </fieldset>
  );
}

function Result({ one }: { one: Short }) {
  const { t } = useLanguage();
  return (
    <li className="resource">
      <div>
        <Link to={`/catalogue/entry/${one.id}`} className="title">
          {one.name}
        </Link>{" "}
        <ShareTags entry={one} />
      </div>
      <p>{one.summary}</p>
      <div className="quiet">
        {[
          one.organisation_name,
          one.class_path.join(" / "),
          t(`catalogue.update_cycle.${one.update_cycle}` as never),
          one.code,
        ].join(" · ")}
      </div>
      {one.hits && one.hits.length > 0 && (
        <div className="quiet">
          {t("catalogue.hits")}: {one.hits.map((hit) => <Tag key={hit}>{hit}</Tag>)}
        </div>
      )}
    </li>
  );
}

export function SearchPart() {
  const { t } = useLanguage();
  const [params, setParams] = useSearchParams();
  const query = params.get("q") ?? "";
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  const filters = Object.fromEntries(FACETS.map((name) => [name, params.get(name) ?? ""]));
  const path = withQuery("/api/sharing/resources/search", { q: query, ...filters, limit: 20 });
  const { data, problem, reload } = useGet<Found>(path);
  const [more, setMore] = useState<{ path: string; items: Short[]; next: string | null }>();
  const [failed, setFailed] = useState<Problem>();
  const behind = more?.path === path ? more : undefined;
  const next = behind ? behind.next : data?.next;
  const change = (name: string, value: string) =>
    setParams((held) => {
      const changed = new URLSearchParams(held);
      if (value) changed.set(name, value);
      else changed.delete(name);
      return changed;
    });
  const fetchMore = () => {
    setFailed(undefined);
    return get<Found>(`${path}&after=${encodeURIComponent(next ?? "")}`)
      .then((found) =>
        setMore({ path, items: [...(behind?.items ?? []), ...found.items], next: found.next }),
      )
      .catch((error) => setFailed(error as Problem));
  };
  const filtered = FACETS.some((name) => filters[name]);
  return (
    <div className="catalogue-search">
      <aside aria-label={t("catalogue.search")}>
        {filtered && (
          <Button size="small" onClick={() => setParams(query ? { q: query } : {})}>
            {t("catalogue.clear")}
          </Button>
        )}
        {FACETS.map((name) => (
          <FacetList
            key={name}
            name={name}
            values={data?.facets[name] ?? []}
            chosen={filters[name] ? filters[name].split(",") : []}
            onChange={(chosen) => change(name, chosen.join(","))}
          />
        ))}
      </aside>
      <div>
        <Input.Search
          aria-label={t("catalogue.search")}
          placeholder={t("catalogue.hint")}
          allowClear
          size="large"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onSearch={(value) => change("q", value.trim())}
          enterButton={t("catalogue.search")}
        />
        {problem && <ProblemBox problem={problem} retry={reload} />}
        {!data && !problem && <Busy />}
        {data && (
          <>
            <p className="quiet" role="status">
              {t("catalogue.found", { count: data.total })}
            </p>
            {!data.exact && data.total > 0 && <Alert type="info" showIcon title={t("catalogue.inexact")} />}
            {data.total === 0 && <Nothing>{t("catalogue.none")}</Nothing>}
            <ul className="resources">
              {[...data.items, ...(behind?.items ?? [])].map((one) => (
                <Result key={one.id} one={one} />
              ))}
            </ul>
            {failed && <ProblemBox problem={failed} />}
            <More more={next ? fetchMore : undefined} />
          </>
        )}
      </div>
    </div>
  );
}
