// How many cases a fuzzer tries, and which: few and always the same in CI, others and more as FUZZ_CASES and FUZZ_SEED say by hand.

export function fuzzCases(inCi: number): number {
  const wanted = Number(process.env['FUZZ_CASES']);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : inCi;
}

export function fuzzSeed(inCi: number): number {
  const wanted = Number(process.env['FUZZ_SEED']);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : inCi;
}
