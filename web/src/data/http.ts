/** Requests to our own server; every failure becomes a Problem that says what to do. */

import { language } from "../i18n";

/** What is wrong with one field of many that came at once. */
export interface Fault {
  row: number;
  column: string;
  column_title: string;
  value: string;
  why: string;
  text: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly todo: string,
    readonly where = "",
    readonly faults: Fault[] = [],
    /** What the server names beside its words, such as the field that is wrong. */
    readonly fields: Record<string, unknown> = {},
  ) {
    super(title);
  }
}

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Called when the server no longer knows the session. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = await response.json();
    return new Problem(
      response.status,
      String(body.type ?? response.status),
      String(body.title ?? response.statusText),
      String(body.detail ?? ""),
      String(body.where ?? ""),
      Array.isArray(body.errors) ? body.errors : [],
      body.fields ?? {},
    );
  } catch {
    return new Problem(response.status, `http.${response.status}`, response.statusText, "");
  }
}

async function send(method: string, path: string, body?: BodyInit, json = true): Promise<Response> {
  const headers: Record<string, string> = { "Accept-Language": language(), "X-Yiwang": "1" };
  if (body !== undefined && json) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body, credentials: "same-origin" });
  } catch {
    throw new Problem(0, "network", "", "");
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/api/session") for (const tell of signedOut) tell();
  throw problem;
}

async function parsed<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export async function get<T>(path: string): Promise<T> {
  return parsed<T>(await send("GET", path));
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return parsed<T>(await send("POST", path, JSON.stringify(body)));
}

/** Send a file as it is; the answer is text (JSON or CSV). */
export async function sendText(path: string, content: Blob): Promise<string> {
  return (await send("POST", path, content, false)).text();
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return parsed<T>(await send("PATCH", path, JSON.stringify(body)));
}

export async function put<T>(path: string, body: unknown): Promise<T> {
  return parsed<T>(await send("PUT", path, JSON.stringify(body)));
}

export async function remove(path: string): Promise<void> {
  await send("DELETE", path);
}

/** Remove with what is said to it, such as a reason. */
export async function removeWith(path: string, body: unknown): Promise<void> {
  await send("DELETE", path, JSON.stringify(body));
}

/** Send a form of texts and files. */
export async function sendForm<T>(path: string, form: FormData): Promise<T> {
  return parsed<T>(await send("POST", path, form, false));
}

export async function upload<T>(path: string, files: File[]): Promise<T> {
  const form = new FormData();
  for (const file of files) form.append("photo", file, file.name);
  return parsed<T>(await send("POST", path, form, false));
}

/** A path with a query of those values that are given. */
export function withQuery(path: string, values: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "" && value !== false)
      query.set(name, value === true ? "1" : String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
