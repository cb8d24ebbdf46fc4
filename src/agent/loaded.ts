/** What an agent's calls load: nothing of it is loaded by importing the package. */
import { once } from './once.ts'

export const loadCall = once(() => import('./call.ts'))
export const loadGenerate = once(() => import('./run/generate.ts'))
export const loadStream = once(() => import('./run/stream.ts'))
