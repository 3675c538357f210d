# SPDX-License-Identifier: Apache-2.0
"""A verb of ``mt-transunet`` for each file: its options, and what it prints. They import what they need when called."""
