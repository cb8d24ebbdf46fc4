/** The modules that an agent's first call loads. Importing the package loads none of them. */
import { withPeers } from '../domain/peer-packages.ts'
import { once } from './once.ts'

export const loadCall = once(() => import('./call.ts'))
export const loadGenerate = once(() => import('./run/generate.ts'))
export const loadStream = once(() => import('./run/stream.ts'))
export const loadAutoResume = once(() => import('./waiting/auto-resume.ts'))
export const loadSuspended = once(() => import('./waiting/list-suspended.ts'))
export const loadCancel = once(() => import('./waiting/cancel-run.ts'))
export const loadReconnect = once(() => import('./run/reconnect.ts'))
export const loadContinueRun = once(() => import('./waiting/continue-run.ts'))
export const loadRecover = once(() => import('./waiting/recover.ts'))
export const loadDelegation = once(() => withPeers(() => import('./delegation/delegating-tools.ts')))
export const loadIterations = once(() => import('./iterations/iterations.ts'))
export const loadAnswerOnce = once(() => import('./waiting/answer-once.ts'))
export const loadNetwork = once(() => withPeers(() => import('./network/network.ts')))
