// SPDX-License-Identifier: MIT OR Apache-2.0
// What tests/evm_pool_node.rs deploys beside the pair: a plain token, and a vault as its library makes it.
pragma solidity ^0.8.26;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// All of it belongs to whoever deploys it.
contract Token is ERC20 {
    constructor() ERC20("token", "T") {
        _mint(msg.sender, 1_000_000_000_000);
    }
}

/// Nothing of the library's vault is changed: shares are as fine as the asset, and all of the asset stays in the vault.
contract Vault is ERC4626 {
    constructor(ERC20 asset) ERC20("vault", "V") ERC4626(asset) {}
}
