import { tsBackend } from '../../src/backend/ts/index.ts';
import { conformance } from './conformance.ts';

const accumulate = 2 ** -53;

conformance('ts float32', () => tsBackend, { array: Float32Array, store: 2 ** -24, accumulate, ulps: 1 });
conformance('ts float64', () => tsBackend, { array: Float64Array, store: 2 ** -53, accumulate, ulps: 4 });
