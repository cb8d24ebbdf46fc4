/** What an agent's calls load: nothing of it is loaded by importing the package. */
import { withPeers } from '../domain/peer-packages.ts'

/** Loads once: an `import` costs some ten microseconds even where its module is there already. */
function once<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loading: Promise<Module> | undefined
  return () => {
    loading ??= load()
    return loading
  }
}

/** The AI SDK. */
export const loadSdk = once(() => withPeers(() => import('ai')))
export const loadCall = once(() => import('./call.ts'))
export const loadGenerate = once(() => import('./run/generate.ts'))
export const loadStream = once(() => import('./run/stream.ts'))
export const loadMemoryTools = once(() => withPeers(() => import('./tools/memory-tools.ts')))
