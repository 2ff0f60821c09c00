/** What the modules under test ask of a browser at import. */

const kept = new Map<string, string>();
Object.assign(globalThis, {
  localStorage: {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  },
  matchMedia: () => ({ matches: false }),
});
