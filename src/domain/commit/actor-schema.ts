/** The schema of an actor in a change. */
import { z } from 'zod'
import { actorKinds } from '../actor.ts'
import { limitTable } from '../limits.ts'

export const actorSchema = z.strictObject({
  kind: z.enum(actorKinds),
  id: z.string().min(1).max(limitTable.idLength.max),
  name: z.exactOptional(z.string().min(1).max(limitTable.idLength.max)),
})
