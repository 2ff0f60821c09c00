/** Who did something: the person's name, else the account. */
export function whoDid(one: { actor: string; actor_name: string }): string {
  return one.actor_name || one.actor.replace(/^\w+:/, "");
}
