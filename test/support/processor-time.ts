// How much processor time something takes: of elapsed time a busy machine makes anything.

/** Milliseconds of user time, of all threads of this process, until the work is done. */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user / 1000;
}
