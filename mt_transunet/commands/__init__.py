# SPDX-License-Identifier: Apache-2.0
"""The longer verbs of ``mt-transunet``: options, and what is printed. They import what they need when called."""
