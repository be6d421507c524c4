/** Numbers at the ends of float32's range. */

export const INF = Infinity;
export const PI = Math.fround(Math.PI);
/** The smallest number above 0. */
export const TINY = 2 ** -149;
export const LARGEST = (2 - 2 ** -23) * 2 ** 127;
