// How many cases a fuzzer tries: few in CI, as many as `FUZZ_CASES` says by hand.

export function fuzzCases(inCi: number): number {
  const wanted = Number(process.env['FUZZ_CASES']);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : inCi;
}
