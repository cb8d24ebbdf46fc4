/** What a run has cost so far, and everything that its tools call. A run inside of another one spends from both. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { LanguageModelUsage, ToolSet } from 'ai'
import { invalidInput } from '../domain/error.ts'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { RunBudget } from './iteration-options.ts'

const around = new AsyncLocalStorage<Spending>()

/** The spending of the run whose tool this code runs in; null outside of all that have a budget. */
export function spendingAround(): Spending | null {
  return around.getStore() ?? null
}

type Execute = (input: unknown, options: object) => unknown

export class Spending {
  readonly #budget: RunBudget | null
  readonly #outer: Spending | null
  #tokens = 0
  #usd = 0

  /**
   * @param budget null for a run without one of its own.
   * @param outer Of the run whose tool began this one; null for none.
   */
  constructor(budget: RunBudget | null, outer: Spending | null) {
    this.#budget = budget
    this.#outer = outer
  }

  /** Whether this budget, or one around it, is spent. */
  get isSpent(): boolean {
    const { tokens = Number.POSITIVE_INFINITY, usd = Number.POSITIVE_INFINITY } = this.#budget ?? {}
    return this.#tokens >= tokens || this.#usd >= usd || this.#outer?.isSpent === true
  }

  /** For the record of the run; undefined without a budget of its own. */
  get facts(): Json | undefined {
    if (this.#budget === null) return undefined
    return { tokens: this.#tokens, ...(this.#budget.price === undefined ? {} : { usd: this.#usd }) }
  }

  /** Takes what the run had spent before this call of it. */
  restore({ spent }: JsonObject): void {
    if (!isJsonObject(spent)) return
    if (typeof spent.tokens === 'number') this.#tokens = spent.tokens
    if (typeof spent.usd === 'number') this.#usd = spent.usd
  }

  /**
   * Adds one step.
   *
   * @throws MemoryError `invalid-input` for a price that is no number; what `price` throws.
   */
  add(usage: LanguageModelUsage, model: string): void {
    const { inputTokens = 0, outputTokens = 0, totalTokens = inputTokens + outputTokens } = usage
    this.#outer?.add(usage, model)
    this.#tokens += totalTokens
    const price = this.#budget?.price?.(usage, model) ?? 0
    if (!Number.isFinite(price) || price < 0) {
      throw invalidInput('budget.price', 'must return dollars', price, 'Return a number from 0.')
    }
    this.#usd += price
  }

  /** The tools, each of which runs inside: agents that they call spend from this budget. */
  tools(tools: ToolSet): ToolSet {
    if (this.#budget === null) return tools
    const inside = Object.entries(tools).map(([name, tool]) => {
      const execute = tool.execute as Execute | undefined
      if (execute === undefined) return [name, tool] as const
      const run: Execute = (input, options) => around.run(this, () => execute.call(tool, input, options))
      return [name, { ...tool, execute: run }] as const
    })
    return Object.fromEntries(inside) as ToolSet
  }
}
