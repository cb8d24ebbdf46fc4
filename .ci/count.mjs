// Prints `N passed, N failed` from the JSON report of the tests and exits 1 if anything failed.
// Plain JavaScript for the system's own Node: it must still count when the install failed and no other Node is there.
import { readFileSync } from 'node:fs'

const [, , reportPath, testsExit, failedSteps] = process.argv

function readReport() {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8'))
  } catch {
    console.error('the tests left no report')
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] }
  }
}

const { numPassedTests, numFailedTests, testResults } = readReport()
// A file that fails outside its tests (an import, a hook) appears as failed without a failed test.
const failedFiles = testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length
let failed = numFailedTests + failedFiles
// Unhandled errors fail the command without failing a test or a file.
if (failed === 0 && testsExit !== '0') failed = 1
failed += Number(failedSteps)
process.exitCode = failed === 0 && numPassedTests > 0 ? 0 : 1
console.log(`${numPassedTests} passed, ${failed} failed`)
