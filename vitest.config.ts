import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { needsOwnProcess } from './test/own-process.ts'
import { testLimitMs, waitLimitMs } from './test/run-lengths.ts'

// Tests import `aquifer` by its own name, as users do; this condition leads to the sources, so no build comes first.
// `node` alone beside it: bundlers' conditions (`module`, `development`) would test builds that Node never loads.
const conditions = ['aquifer-source', 'node']

const include = ['src/**/*.test.ts', 'test/**/*.test.ts']
const own = globSync(include, { cwd: import.meta.dirname })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => needsOwnProcess(readFileSync(`${import.meta.dirname}/${path}`, 'utf8')))

export default defineConfig({
  resolve: { conditions },
  // As `tsc` builds it: the oldest supported Node has no `await using`.
  oxc: { target: 'es2024' },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    // Vitest leaves one core idle by default, of two.
    maxWorkers: '100%',
    testTimeout: testLimitMs,
    hookTimeout: testLimitMs,
    expect: { poll: { timeout: waitLimitMs, interval: 5 } },
    reporters: ['./scripts/test-reporter.ts'],
    projects: [
      { extends: true, test: { name: 'own process', include: own, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: { name: 'shared process', include, exclude: own, isolate: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
