"""How well products sell reaches the search engine: `sales-to-search-…`, every few minutes by a schedule."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.rankings import RankingsActivities
    from models.search.messages import SalesTold, TellSales
    from workflows.options import LONG_CALL, SEVERAL_TIMES, SIGN_OF_LIFE, TaskQueue


@workflow.defn(name="SalesToSearch")
class SalesToSearch:
    """One telling. A fault that stays is left to the next run, which tells what this one did not."""

    @workflow.run
    async def run(self, _start: TellSales) -> int:
        """For how many products the engine was told a new number."""
        told: SalesTold = await workflow.execute_activity_method(
            RankingsActivities.tell_sales,
            task_queue=TaskQueue.SEARCH,
            start_to_close_timeout=LONG_CALL,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=SEVERAL_TIMES,
            summary="tell the search engine what sells",
        )
        return told.products
