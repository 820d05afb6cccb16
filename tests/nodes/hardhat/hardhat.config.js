// A chain of its own for one test, on loopback: one block for each transaction, from a first block of a given time.
const start = Number(process.env.COUNTERFOIL_NODE_START);

module.exports = {
  solidity: "0.8.30",
  networks: {
    hardhat: { chainId: 31337, hardfork: "prague", initialDate: new Date(start * 1000).toISOString() },
  },
};
