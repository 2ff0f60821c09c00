/** A file sent in pieces (tus 1.0), which goes on where it broke off, also in another session. */

import { Problem, problemOf } from "../../data/http";
import { language } from "../../i18n";

const PIECE = 8 * 1024 * 1024;
const UPLOADS = "/api/sharing/files/uploads";

export interface Wanted {
  file: File;
  resource: number;
  note: string;
  progress: (share: number) => void;
  stop: AbortSignal;
}

/** The number of the version that the file becomes. Rejects with a Problem; what was sent stays
 * and is gone on with when the same file is sent again. */
export async function send(wanted: Wanted): Promise<number> {
  const { file, progress, stop } = wanted;
  const key = `yiwang.upload.${wanted.resource}.${file.name}.${file.size}.${file.lastModified}`;
  let place = localStorage.getItem(key);
  let offset = place ? await standing(place, file.size, stop) : -1;
  if (place === null || offset < 0) {
    place = await begin(wanted);
    localStorage.setItem(key, place);
    offset = 0;
  }
  while (true) {
    progress(offset / file.size);
    const answer = await ask("PATCH", place, stop, file.slice(offset, offset + PIECE), {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(offset),
    });
    if (!answer.ok) {
      if (answer.status === 460 || answer.status === 404) localStorage.removeItem(key);
      throw await problemOf(answer);
    }
    offset = Number(answer.headers.get("Upload-Offset"));
    const version = answer.headers.get("Yiwang-Version");
    if (version) {
      localStorage.removeItem(key);
      progress(1);
      return Number(version);
    }
  }
}

/** How far an upload is; -1 where there is none of this length any more. */
async function standing(place: string, size: number, stop: AbortSignal): Promise<number> {
  const answer = await ask("HEAD", place, stop);
  if (!answer.ok || Number(answer.headers.get("Upload-Length")) !== size) return -1;
  return Number(answer.headers.get("Upload-Offset"));
}

async function begin({ file, resource, note, stop }: Wanted): Promise<string> {
  const about = { filename: file.name, resource: String(resource), note };
  const metadata = Object.entries(about)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(",");
  const headers = { "Upload-Length": String(file.size), "Upload-Metadata": metadata };
  const answer = await ask("POST", UPLOADS, stop, undefined, headers);
  if (!answer.ok) throw await problemOf(answer);
  return answer.headers.get("Location") ?? "";
}

async function ask(
  method: string,
  path: string,
  signal: AbortSignal,
  body?: Blob,
  more: Record<string, string> = {},
): Promise<Response> {
  const own = { "Tus-Resumable": "1.0.0", "X-Yiwang": "1", "Accept-Language": language() };
  try {
    const headers = { ...own, ...more };
    return await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
  } catch {
    throw new Problem(0, "network", "", "");
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
