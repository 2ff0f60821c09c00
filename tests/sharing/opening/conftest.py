from tests.sharing.granting import sharing, small

__all__ = ["sharing", "small"]
