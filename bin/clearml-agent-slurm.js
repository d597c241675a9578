#!/usr/bin/env node
// The executable: says what is wrong with an old Node in words, in syntax that an old Node still reads.
'use strict';
var version = process.versions.node.split('.').map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error(
    'clearml-agent-slurm needs Node 20.19 or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      '). Install a newer one (docs/installing.md says how, without root), or run it from another machine.',
  );
  process.exit(69);
}
import('../dist/cli/main.js').then(function (main) {
  return main.run(process.argv.slice(2));
});
