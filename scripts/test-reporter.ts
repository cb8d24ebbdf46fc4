// What `npm test` prints: a line for each file as it ends, what failed, and a summary in words.
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  MinimalReporter,
  type SerializedError,
  type TestModule,
  type TestRunEndReason,
  type TestSpecification,
} from 'vitest/node'
import { writeDurations } from './test-durations.ts'
import { progressLine, summaryLines, type TestFileOutcome } from './test-summary.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export default class WordsReporter extends MinimalReporter {
  #started = 0
  #whole = 0
  #ended = 0

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#started = performance.now()
    this.#whole = specifications.length
    this.#ended = 0
    super.onTestRunStart(specifications)
  }

  protected override printTestModule(testModule: TestModule): void {
    this.#ended += 1
    this.log(progressLine(outcomeOf(testModule), this.#ended, this.#whole))
    super.printTestModule(testModule)
  }

  override onTestRunEnd(
    testModules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    super.onTestRunEnd(testModules, unhandledErrors, reason)
    const outcomes = testModules.map(outcomeOf)
    for (const line of summaryLines(outcomes, unhandledErrors.length, performance.now() - this.#started)) this.log(line)
    writeDurations(new Map(outcomes.map(({ path, ms }) => [path, Math.round(ms)])))
  }
}

function outcomeOf(testModule: TestModule): TestFileOutcome {
  const tests = [...testModule.children.allTests()]
  const inState = (state: string) => tests.filter((test) => test.result().state === state)
  const failed = inState('failed').map(({ fullName }) => fullName)
  const { duration, collectDuration, setupDuration } = testModule.diagnostic()
  return {
    path: relative(root, testModule.moduleId).replaceAll('\\', '/'),
    passed: inState('passed').length,
    failed,
    skipped: inState('skipped').length,
    isBroken: testModule.state() === 'failed' && failed.length === 0,
    ms: duration + collectDuration + setupDuration,
  }
}
