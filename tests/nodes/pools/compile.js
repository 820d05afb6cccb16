// Compiles contracts.sol with the compiler and the library beside it; writes one file with creation and deployed code
// for each contract into the folder named by the first argument.
'use strict';

const fs = require('fs');
const path = require('path');
const solc = require('solc');

const [out] = process.argv.slice(2);
const read = (name) => fs.readFileSync(name, 'utf8');
const input = {
  language: 'Solidity',
  sources: { 'contracts.sol': { content: read(path.join(__dirname, 'contracts.sol')) } },
  settings: {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.deployedBytecode.object', 'storageLayout'] } },
  },
};
const library = (name) => ({ contents: read(path.join(__dirname, 'node_modules', name)) });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: library }));
const errors = (output.errors || []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
}
for (const [name, contract] of Object.entries(output.contracts['contracts.sol'])) {
  const { bytecode, deployedBytecode } = contract.evm;
  const slots = contract.storageLayout.storage.map(({ label, slot }) => ({ label, slot }));
  const made = { bytecode: bytecode.object, deployedBytecode: deployedBytecode.object, slots };
  fs.writeFileSync(path.join(out, `${name}.json`), JSON.stringify(made));
}
