// Where a hostile text is passed: a space, a team and a thread that nothing else uses.
import { Agent, type AgentOptions, Memory, type Team } from 'aquifer'
import { type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { onTestFinished } from 'vitest'

export interface Scene {
  readonly memory: Memory
  readonly resourceId: string
  readonly threadId: string
  /** Of the team and the task; both are new. */
  readonly name: string
  readonly team: Team
  /** Both ids. */
  readonly where: { readonly resourceId: string; readonly threadId: string }
}

/** One argument of one public method. */
export interface Entry {
  readonly method: string
  readonly argument: string
  /** What must be there before, and is not measured. */
  readonly prepare?: (scene: Scene, text: string) => unknown
  readonly call: (scene: Scene, text: string) => unknown
  /** Takes every nth pattern only: its work is that of rows which take all of them. Default: 1, all. */
  readonly nth?: number
}

/** As large as they may be, so that texts are worked on and not refused by their size. */
const limits = {
  ...{ entryBytes: 4_194_304, factBytes: 1_048_576, metadataBytes: 1_048_576, blockBytes: 4_194_304 },
  ...{ titleLength: 10_000, runBytes: 4_194_304 },
}

/** Scenes of one memory, which closes with its test. */
export function scenes(): () => Scene {
  const options = { storage: ':memory:', background: false, embedder: false, limits } as const
  const memory = new Memory(options)
  onTestFinished(() => memory.close())
  let made = 0
  return () => {
    made += 1
    const [resourceId, threadId, name] = [`r${made}`, `t${made}`, `n${made}`]
    return { memory, resourceId, threadId, name, team: memory.team(name), where: { resourceId, threadId } }
  }
}

/** An agent of that memory, whose model says what it is told to. */
export function agentOf(
  { memory }: Pick<Scene, 'memory'>,
  script: NonNullable<ScriptedModelOptions['script']> = ['ok'],
  options: Partial<AgentOptions> = {},
): Agent {
  return new Agent({ name: 'Helper', model: scriptedModel({ script }), memory, ...options })
}
