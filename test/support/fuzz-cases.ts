// The number and seed of fuzzing cases: few and fixed in CI, or from FUZZ_CASES and FUZZ_SEED.

export function fuzzCases(inCi: number): number {
  const wanted = Number(process.env['FUZZ_CASES']);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : inCi;
}

export function fuzzSeed(inCi: number): number {
  const wanted = Number(process.env['FUZZ_SEED']);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : inCi;
}
