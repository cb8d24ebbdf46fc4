/** Actors as rows hold them. */
import type { Actor } from '../../domain/actor.ts'
import { storedJson } from '../stored-json.ts'
import { actorShape } from '../stored-shapes.ts'

const actorLimit = 1_000
const actorsByText = new Map<string, Actor>()
const textsByActor = new WeakMap<Actor, string>()

/** Actors repeat in nearly every row, so both directions are remembered. */
export function actorOf(text: string): Actor {
  const known = actorsByText.get(text)
  if (known !== undefined) return known
  if (actorsByText.size >= actorLimit) actorsByText.clear()
  const actor = storedJson<Actor>(text, 'actor', actorShape)
  actorsByText.set(text, actor)
  return actor
}

export function actorText(actor: Actor): string {
  let text = textsByActor.get(actor)
  if (text === undefined) {
    text = JSON.stringify(actor)
    textsByActor.set(actor, text)
  }
  return text
}
