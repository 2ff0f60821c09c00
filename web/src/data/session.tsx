import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useLanguage } from "../i18n";
import { get, onSignedOut, Problem, remove } from "./http";
import type { Layout, Session } from "./types";
import { rememberZone } from "./zone";

interface Held {
  session: Session | null;
  layout: Layout;
  may: (permission: string) => boolean;
  signIn: (session: Session) => void;
  signOut: () => void;
}

/** Kept while somebody is signed in, so that a first visit asks for no session. */
const KNOWN = "yiwang.signed_in";

const NOTHING: Layout = {
  zone: "",
  layers: [],
  panels: [],
  packs: {},
  rules: {},
  parameters: {},
  kinds: {},
};
const Context = createContext<Held | null>(null);

export function useSession(): Held {
  return useContext(Context)!;
}

/** Who is signed in, and the layout of the packs that run; children wait for the first answer. */
export function SessionProvider({
  children,
  failed,
}: {
  children: ReactNode;
  failed: (problem: Problem) => ReactNode;
}) {
  const { lang } = useLanguage();
  const [session, setSession] = useState<Session | null | undefined>();
  const signIn = (found: Session) => {
    rememberZone(found.zone);
    setSession(found);
  };
  const [problem, setProblem] = useState<Problem>();
  const [layout, setLayout] = useState<Layout>(NOTHING);
  useEffect(() => {
    if (localStorage.getItem(KNOWN) === null) {
      setSession(null);
      return;
    }
    get<Session>("/api/session")
      .then(signIn)
      .catch((error) => {
        if (error instanceof Problem && error.status === 401) setSession(null);
        else setProblem(error as Problem);
      });
  }, []);
  useEffect(() => onSignedOut(() => setSession(null)), []);
  useEffect(() => {
    if (session) localStorage.setItem(KNOWN, "1");
    else if (session === null) localStorage.removeItem(KNOWN);
  }, [session]);
  const may = (permission: string) => session?.permissions.includes(permission) ?? false;
  const viewer = may("console.view");
  useEffect(() => {
    if (!viewer) return;
    get<Layout>("/api/console")
      .then(setLayout)
      .catch(() => setLayout(NOTHING));
  }, [viewer, lang]);
  const signOut = () => {
    remove("/api/session").finally(() => setSession(null));
  };
  if (problem) return failed(problem);
  if (session === undefined) return null;
  return (
    <Context.Provider value={{ session, layout, may, signIn, signOut }}>
      {children}
    </Context.Provider>
  );
}
