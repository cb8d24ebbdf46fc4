/** The AI SDK, loaded by the first call: importing the package loads nothing of it. */
import { withPeers } from '../domain/peer-packages.ts'
import { once } from './once.ts'

export const loadSdk = once(() => withPeers(() => import('ai')))
