// Prints "PASSED FAILED" of a vitest run: its JSON report and its exit code. A file that could not be run, and
// a run that failed without a failed test (an unhandled error, no report), count as one failure.
import { readFileSync } from 'node:fs'

const [file, status] = process.argv.slice(2)
let passed = 0
let failed = 0
try {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  passed = report.numPassedTests
  failed = report.numFailedTests
  for (const { status: outcome, assertionResults } of report.testResults) {
    if (outcome === 'failed' && !assertionResults.some((test) => test.status === 'failed'))
      failed += 1
  }
} catch (error) {
  failed = 1
  process.stderr.write(`no report of this run: ${error.message}\n`)
}
if (status !== '0' && failed === 0) failed = 1
process.stdout.write(`${passed} ${failed}\n`)
