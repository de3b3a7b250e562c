'use strict';

// A regtest Bitcoin node for the demo and the tests: bitcoin.js RPC-PORT KEY FOLDER
// Addresses look as Bitcoin Core writes them on regtest, and segregated witness holds from the first
// blocks on, not only after 432; it talks to nobody.

const network = require('bcoin/lib/protocol/networks').regtest;
network.minerWindow = 4;
network.activationThreshold = 3;
network.addressPrefix = {pubkeyhash: 0x6f, scripthash: 0xc4, bech32: 'bcrt',
  witnesspubkeyhash: 0x7a, witnessscripthash: 0x14};
const FullNode = require('bcoin/lib/node/fullnode');

const [port, apiKey, prefix] = process.argv.slice(2);
const node = new FullNode({
  network: 'regtest', memory: false, prefix, persistent: true, logLevel: 'none',
  workers: false, listen: false, maxOutbound: 1, only: ['127.0.0.1:9'],
  httpHost: '127.0.0.1', httpPort: Number(port), apiKey
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0)); // the one who started it is gone

(async () => {
  await node.ensure();
  await node.open();
  await node.connect();
  process.stdout.write('ready\n');
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
