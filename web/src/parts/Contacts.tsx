/** How those who reported a case from outside are reached; each look at it is in the audit. */

import { Button } from "antd";
import { useState } from "react";
import { useSession } from "../data/session";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, ProblemBox } from "./states";
import { When } from "./time";

interface Contact {
  at: string;
  first_name: string;
  last_name: string;
  email: string;
  phone: string;
  reporter: string;
}

function List({ no }: { no: number }) {
  const { t } = useLanguage();
  const { data, problem } = useGet<{ items: Contact[] }>(`/api/cases/${no}/contacts`);
  if (problem) return <ProblemBox problem={problem} />;
  if (!data) return <Busy />;
  if (!data.items.length) return <p className="quiet">{t("case.no_contacts")}</p>;
  return (
    <ul className="feed" data-testid="contacts">
      {data.items.map((one) => (
        <li key={one.at} style={{ padding: "6px 0" }}>
          <b>{`${one.last_name} ${one.first_name}`.trim() || one.reporter || "–"}</b>{" "}
          {[one.phone, one.email].filter(Boolean).join(" · ")}{" "}
          <span className="quiet">
            <When at={one.at} />
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Contacts({ no }: { no: number }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [asked, setAsked] = useState(false);
  if (!may("cases.read")) return null;
  return (
    <section className="block" aria-labelledby="contacts">
      <h3 id="contacts">{t("case.contacts")}</h3>
      {asked ? (
        <List no={no} />
      ) : (
        <Button onClick={() => setAsked(true)}>{t("case.show_contacts")}</Button>
      )}
    </section>
  );
}
