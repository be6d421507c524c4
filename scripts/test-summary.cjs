// Adds up what the legs of .ci/run reported, and prints one line at the end: `N passed, N failed, N skipped`. Exit 1 if
// anything failed.
//
//   node scripts/test-summary.cjs <leg>=<exit code>[:<vitest's JSON report>] …     an exit code of - is a skipped leg
//
// A leg with a report counts its tests, one without counts as one test. A leg that ended badly counts at least one
// failure, whatever its report says: it may have died before it wrote one.

'use strict';

const { readFileSync } = require('node:fs');

function countReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    // A file that could not be loaded has no tests in the report, and is a failure all the same.
    const unloaded = report.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + unloaded.length,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

function countLeg(code, report) {
  if (code === '-') return { passed: 0, failed: 0, skipped: 1 };
  if (report === undefined) return { passed: code === '0' ? 1 : 0, failed: code === '0' ? 0 : 1, skipped: 0 };
  const counts = countReport(report);
  const isMissing = counts.passed + counts.failed + counts.skipped === 0;
  if (counts.failed === 0 && (code !== '0' || isMissing)) counts.failed = 1;
  return counts;
}

const total = { passed: 0, failed: 0, skipped: 0 };
const line = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
for (const argument of process.argv.slice(2)) {
  const [, leg, code, report] = /^([^=]+)=([^:]+)(?::(.+))?$/.exec(argument);
  const counts = countLeg(code, report);
  for (const key of Object.keys(total)) total[key] += counts[key];
  console.log(`${leg}: ${line(counts)}`);
}
console.log(line(total));
process.exitCode = total.failed > 0 ? 1 : 0;
