/** The hooks of a call, and of each delegation: what becomes of the ones that fail, and what they may change. */
import { MemoryError, shown } from '../domain/error.ts'
import type { DelegationOptions } from './delegation-options.ts'

type Hook =
  | 'onDelegationStart'
  | 'onDelegationComplete'
  | 'onProposal'
  | 'messageFilter'
  | 'onIterationComplete'
  | 'onComplete'
  | 'scorer'

/** A call, as far as its hooks are concerned. */
interface HookedCall {
  readonly agent: {
    readonly options: { readonly delegation?: DelegationOptions }
    readonly log: (level: 'warn', message: string, error: unknown) => void
  }
  readonly options: { readonly delegation?: DelegationOptions }
}

/** The options of a call for handing work on: its own, then those of the agent. */
export function delegationOptions({ agent, options }: HookedCall): DelegationOptions {
  return { ...agent.options.delegation, ...options.delegation }
}

export class Hooks {
  readonly options: DelegationOptions
  /** Hooks that failed, for the record of the run. */
  readonly failed: Hook[] = []
  readonly #log: HookedCall['agent']['log']

  constructor(call: HookedCall) {
    this.options = delegationOptions(call)
    this.#log = call.agent.log
  }

  /**
   * Calls a hook.
   *
   * @param otherwise What counts where it fails and the delegation goes on.
   * @throws MemoryError `aborted` for one that fails with `hookErrorStrategy: 'throw'`.
   */
  async run<Answer>(hook: Hook, call: () => Answer | PromiseLike<Answer>, otherwise: Answer): Promise<Answer> {
    try {
      return await call()
    } catch (error) {
      this.failed.push(hook)
      this.#log('warn', `The hook ${hook} failed.`, error)
      if (this.options.hookErrorStrategy !== 'throw') return otherwise
      throw new MemoryError('aborted', {
        message: `The hook ${shown(hook)} failed.`,
        fix: `Mend it, or go on without it: delegation: { hookErrorStrategy: 'warn' }.`,
        details: { hook },
        cause: error,
      })
    }
  }
}
