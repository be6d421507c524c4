/**
 * How V8's nursery grows. A training step leaves a hundred short-lived objects, and V8 doubles the nursery each time
 * that as much has survived in it as it holds: from 1 MB to 16 MB in four jumps spread over thousands of steps, which
 * looks like a leak of tens of megabytes and is none. With this factor the first growth is the last: the size that any
 * busy program reaches, reached at once, so that resident memory stays level and fewer half-done graphs are copied.
 */

import { setFlagsFromString } from 'node:v8';

const FLAG = '--semi-space-growth-factor=16';

/** Whoever set the nursery's size on the command line knows better. */
const chosenByUser = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((flags) => /semi[-_]space/.test(flags));

if (!chosenByUser) setFlagsFromString(FLAG);
